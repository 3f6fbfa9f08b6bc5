"""The codes of a member's page: credentials for a browser's key, and passes drawn as QR codes.

The browser makes its own key, which never leaves it, and signs the passes of the next minutes in
advance, so that its page shows fresh ones while the network is away. Central draws them.
"""

import base64
import binascii
import io
from datetime import UTC, datetime, timedelta

import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from loyalty import passes
from loyalty.passes import Credential, NotAPass, read_pass

#: A credential cannot be recalled, so it is short; a page asks for a new one when it is opened.
CREDENTIAL_DAYS = 2
SLOTS_MAX = 12


class KeyWanted(Struct, frozen=True):
    """A browser's public key (base64 of the 65 bytes that WebCrypto exports)."""

    key: str


class CredentialGiven(Struct, frozen=True):
    """The credential (base64), and central's clock (ms UTC) to count slots by."""

    credential: str
    server_ms: int


class Signed(Struct, frozen=True):
    """One slot, and the browser's signature over its pass (base64)."""

    slot: int
    signature: str


class PassesWanted(Struct, frozen=True):
    """Passes to draw, of one credential (base64)."""

    credential: str
    signed: tuple[Signed, ...]


class Drawn(Struct, frozen=True):
    """The QR code of one slot, as SVG."""

    slot: int
    svg: str


class BadPass(ValueError):
    """What a browser sent is no key, or no pass of the member whose page it is."""


def give_credential(
    wanted: KeyWanted, member: str, shard_key: int, central_key: Ed25519PrivateKey, now_ms: int
) -> CredentialGiven:
    """Sign that the owner of this key is `member`, for a short while. Raises BadPass."""
    try:
        holder_key = passes.compressed(base64.b64decode(wanted.key, validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadPass("this is no public key of P-256") from error
    until = datetime.fromtimestamp(now_ms / 1000, UTC).date() + timedelta(days=CREDENTIAL_DAYS)
    stated = Credential(shard_key, bytes.fromhex(member), holder_key, until.isoformat())
    credential = passes.signed_credential(stated, central_key)
    return CredentialGiven(base64.b64encode(credential).decode(), now_ms)


def draw(
    wanted: PassesWanted, member: str, shard_key: int, central_key: Ed25519PrivateKey
) -> list[Drawn]:
    """Return the QR codes of a member's own passes. Raises BadPass."""
    if len(wanted.signed) > SLOTS_MAX:
        raise BadPass(f"{len(wanted.signed)} passes, at most {SLOTS_MAX} at a time")
    public = central_key.public_key().public_bytes_raw()
    drawn = []
    for each in wanted.signed:
        try:
            credential = base64.b64decode(wanted.credential, validate=True)
            signature = base64.b64decode(each.signature, validate=True)
            text = passes.pass_text(each.slot, credential, signature)
            shown = read_pass(text, public, shard_key)
        except (binascii.Error, NotAPass, OverflowError) as error:
            raise BadPass(f"slot {each.slot}: {error}") from error
        if shown.member != member:
            raise BadPass(f"slot {each.slot} is somebody else's")
        drawn.append(Drawn(each.slot, qr_svg(text)))
    return drawn


def qr_svg(text: str) -> str:
    """Return a QR code as an SVG without size, which its place on the page decides."""
    code = segno.make_qr(text, error="l", boost_error=False)
    file = io.BytesIO()
    code.save(file, kind="svg", border=4, omitsize=True, xmldecl=False, nl=False)
    return file.getvalue().decode()
