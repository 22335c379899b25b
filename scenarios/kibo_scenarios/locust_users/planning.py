"""Makes the plan of each worker: its parts of the clients, and all that it needs to play them."""

from collections.abc import Iterator, Mapping, Sequence

from kibo_scenarios.locust_users.messages import Plan, Role
from kibo_scenarios.locust_users.splitting import Part
from kibo_scenarios.locust_users.worlds import World
from kibo_scenarios.workloads.load_scenario import LoadScenario
from kibo_simulator import __version__


def plans_of(
    scenario: LoadScenario,
    world: World,
    hands: Sequence[Mapping[str, Part]],
    *,
    run: int,
    speed: float,
    own_applications: bool,
) -> Iterator[Plan]:
    """Return a plan for each hand that was dealt.

    Args:
        scenario: What is run.
        world: What its clients find.
        hands: The parts of each worker, by client.
        run: The number of the run.
        speed: Simulated seconds per second.
        own_applications: Whether every client has an application of its own.
    """
    for hand in hands:
        asked = {world.tenants[name] for name in hand}
        yield Plan(
            version=__version__,
            run=run,
            scenario=scenario.name,
            seed=scenario.seed,
            speed=speed,
            own_applications=own_applications,
            names=list(scenario.clients),
            roles={
                name: Role(
                    client=scenario.clients[name],
                    tenant=world.tenants[name],
                    part=part,
                    export=world.exports.get(name, ""),
                    site=world.sites[world.tenants[name]],
                )
                for name, part in hand.items()
            },
            shops={tenant: shop for tenant, shop in world.shops.items() if tenant in asked},
        )
