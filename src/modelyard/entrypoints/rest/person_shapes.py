"""A person as other things on the wire name them."""

from modelyard.domain.accounts.tables import User


def named_person(user: User) -> dict[str, str]:
    """Whose a thing is."""
    return {"identifier": user.id, "firstName": user.first_name, "lastName": user.last_name, "email": user.email}


def person_object(user: User) -> dict[str, str]:
    """The same with where they stand, for lists of people."""
    return named_person(user) | {"status": user.status}
