"""``kibo-simulator endpoints``: prints the tables of endpoints, as the pages in docs have them or as JSON."""

import click


@click.command()
@click.option(
    "--of",
    type=click.Choice(["api", "control"]),
    default="api",
    show_default=True,
    help="Kibo's API, or the control plane of the simulator.",
)
@click.option("--format", "form", type=click.Choice(["md", "json"]), default="md", show_default=True)
def endpoints(of: str, form: str) -> None:
    """Print every endpoint: what it does, its rate pool, and where it deviates from what Kibo publishes."""
    # aiohttp is slow to import: not for --help or a wrong flag.
    if of == "control":
        from kibo_simulator.endpoint_table import as_text  # noqa: PLC0415
        from kibo_simulator.web.control import ROUTES  # noqa: PLC0415
        from kibo_simulator.web.control.openapi import control_document  # noqa: PLC0415
        from kibo_simulator.web.control.table import control_table  # noqa: PLC0415

        click.echo(as_text(control_document(ROUTES)) if form == "json" else control_table(ROUTES), nl=False)
        return
    from kibo_simulator import endpoint_table  # noqa: PLC0415
    from kibo_simulator.web.application import OPERATIONS  # noqa: PLC0415

    rows = endpoint_table.endpoints(OPERATIONS)
    click.echo(endpoint_table.as_json(rows) if form == "json" else endpoint_table.as_markdown(rows), nl=False)
