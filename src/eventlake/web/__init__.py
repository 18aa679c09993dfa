"""The page: what lies in a lake, seen in a browser instead of asked for. It stands beside the bus, behind the bus's guard.

site        a request -> an answer              sign_in     lets a browser in where the bus has a token
pages       which tiles a page shows             tile        a title, a query, a chart, where its marks lead
asking      runs a tile's SQL, remembers         window      from, to and zone: the state in a page's address
shell       what stands round every page         forms       saved queries as forms, and SQL of one's own
now_page    how sources beat
lake_tiles  the hours of every table             failed_page what could not be stored, and why
schema      what a statement can name             told        what no table holds, as rows
opening     the page of the lake in a folder     charts/     rows -> SVG
filters     what an address keeps and leaves out      marks       from a mark to the SELECT of its rows
scan        what a tile's statement reads             leads       where marks and values of a tile lead
rows_page   the rows behind a mark                    live        tells browsers which tables changed
declared_pages  a page of each source             sources_page what sources there are
redrive_form  failed events tried again, asked by a form  redriving    and tried, by the command
sending     the body of a form
search_page what a text may name                      static/     stylesheet, script and icon
elements    HTML and SVG, escaped                cells       a value as a person reads it
"""
