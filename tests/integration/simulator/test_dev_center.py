"""The page at /: limits and newest requests for people, open to whom the control plane is open."""

from .conftest import V1, Bench, MakeBench


async def test_the_page_shows_what_is_left_of_the_limits(make_bench: MakeBench) -> None:
    """RL-4, RL-8: counts, quarters and a restriction, as Dev Center would show them; looking counts for nothing."""
    from kibo_simulator import LimitsDocument
    from kibo_simulator.rate_limits import PoolLimit

    bench = await make_bench(limits=LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", rpm=2, rph=100),)))
    for _ in range(3):
        await bench.send("GET", f"{V1}/queue/<b>")
    page = await bench.send("GET", "/")
    again = await bench.send("GET", "/")

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "2 of 2" in page.body
    assert "2 of 100" in page.body
    assert "2 · 0 · 0 · 0" in page.body
    assert "Throttled until 05:01:00" in page.body
    assert "429 · Retry-After 60" in page.body
    assert "<b>" not in page.body
    assert again.body == page.body


async def test_a_page_elsewhere_does_not_see_it(make_bench: MakeBench) -> None:
    """Other hosts and other pages are refused, and with a token whoever does not send it."""
    open_bench, closed = await make_bench(), await make_bench(control_token="let me in")
    strange = await open_bench.send("GET", "/", headers={"Host": "example.com"})
    other_page = await open_bench.send("GET", "/", headers={"Origin": "http://example.com"})
    without = await closed.send("GET", "/", headers={"Authorization": ""})
    holder = await closed.send("GET", "/", headers={"Authorization": "Bearer let me in"})

    assert [reply.status for reply in (strange, other_page, without, holder)] == [403, 403, 401, 200]


async def test_anything_else_is_not_there(bench: Bench) -> None:
    """A POST to the page, or a path of nobody, is a 404 in JSON with a correlation id."""
    posted, nowhere = await bench.send("POST", "/"), await bench.send("GET", "/nowhere")

    assert [(reply.status, len(reply.body["correlationId"])) for reply in (posted, nowhere)] == [(404, 32)] * 2
