"""The tree of a statement: nodes with named parts, as light as a parser of every query may want them.

The parser makes it, everybody else reads it. A node's class says what it is, its `args` hold its parts: nodes, lists of nodes, words, flags.
"""

from eventlake.dialect.text.tree.calls import *
from eventlake.dialect.text.tree.clauses import *
from eventlake.dialect.text.tree.leaves import *
from eventlake.dialect.text.tree.node import *
from eventlake.dialect.text.tree.operators import *
