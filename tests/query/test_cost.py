"""What Athena would charge."""

from eventlake.query.cost import athena_cost


def test_a_query_that_reads_nothing_costs_nothing() -> None:
    """No bytes, no charge."""
    assert athena_cost(0).dollars == 0


def test_small_queries_are_charged_ten_megabytes() -> None:
    """One byte is charged as 10 MB, and more is rounded up to the megabyte."""
    assert athena_cost(1).bytes_charged == 10 * 2**20
    assert athena_cost(20 * 2**20 + 1).bytes_charged == 21 * 2**20


def test_a_terabyte_costs_five_dollars() -> None:
    """The price list's own unit, shown with its date."""
    cost = athena_cost(2**40)

    assert cost.dollars == 5.0
    assert str(cost) == "$5.000000 on Athena (1,099,511,627,776 bytes scanned, prices of 2026-11-20)"
