"""Accounts of another program: those who had one there sign in here with the same password."""

from __future__ import annotations

from sinkhole.control.imports.plan import Plan
from sinkhole.control.operations.house import House
from sinkhole.model.actor import Actor, Permission, Role
from sinkhole.model.errors import RequestError

_WHERE = "users"
OTHERS: Role = "operator"
"""What all but the first are: there everybody may do anything."""


async def take_accounts(house: House, actor: Actor, plan: Plan, *, dry_run: bool) -> list[str]:
    """Make the accounts of a plan that can be; their names. The rest is told in the plan.

    Where there is no account yet, the first is an admin.
    """
    if not plan.accounts:
        return []
    if Permission.ACCOUNTS_WRITE not in actor.permissions:
        plan.left(_WHERE, f"accounts are made by who has {Permission.ACCOUNTS_WRITE.value}")
        return []
    taken: list[str] = []
    accounts = house.identity.accounts
    role: Role = OTHERS if house.identity.has_accounts else "admin"
    for name, hashed in plan.accounts.items():
        try:
            if dry_run:
                accounts.check_imported(name, hashed)
            else:
                await accounts.add_imported(name, hashed, role)
        except RequestError as error:
            plan.left(f"{_WHERE} {name}", str(error))
        else:
            plan.differs(f"{_WHERE} {name}", _words(role))
            taken.append(name)
            role = OTHERS
    return taken


def _words(role: Role) -> str:
    told = f"an account with the role {role}, and the password that it has there"
    return told if role == "admin" else f"{told}: `sinkhole account role` gives it another one"
