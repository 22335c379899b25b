"""``kibo-simulator endpoints``: prints the table of endpoints, as the page in docs or as JSON."""

import click


@click.command()
@click.option("--format", "form", type=click.Choice(["md", "json"]), default="md", show_default=True)
def endpoints(form: str) -> None:
    """Print every endpoint: what it does, its rate pool, and where it deviates from what Kibo publishes."""
    # aiohttp is slow to import: not for --help or a wrong flag.
    from kibo_simulator import endpoint_table  # noqa: PLC0415
    from kibo_simulator.web.application import OPERATIONS  # noqa: PLC0415

    rows = endpoint_table.endpoints(OPERATIONS)
    click.echo(endpoint_table.as_json(rows) if form == "json" else endpoint_table.as_markdown(rows), nl=False)
