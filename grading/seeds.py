"""Seeds of cases: a keyed hash, so that nobody who lacks the key knows the cases beforehand."""

import hashlib

SECRET = "GRADING_SECRET"  # noqa: S105 - the name of the variable that may hold it


def case_seed(secret: str, submission: str, check: str) -> int:
    """The seed of one check's cases for one submission: 60 bits, too many to try them all.

    Args:
        secret: the key; with the same one, the same submission gets the same cases again.
        submission: the digest of its files.
        check: the check's id.
    """
    key = hashlib.sha256(secret.encode()).digest()
    text = f"{submission}\n{check}".encode()
    return int.from_bytes(hashlib.blake2b(text, key=key, digest_size=8).digest()) >> 4
