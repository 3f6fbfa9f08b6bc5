from tillpoints.bench import tap


def test_the_bench_prints_through_all_three_ways_and_says_so():
    result = tap.run(rounds=2)
    for key in (
        "first_byte_new_connection",
        "first_byte_open_connection",
        "one_mib_raster_last_byte",
    ):
        figures = result[key]
        assert all(figures[f"{path}_us"] > 0 for path in tap.PATHS)
        assert figures["tap_to_relay"] > 0
    assert "tap / relay" in tap.describe(result)
