"""Camera frames of codes, as a camera on a counter sees them: made from a seed, by kind of trouble.

Every frame is 1280 x 720, grey, and shows one code (or, of the kind `nothing`, none) on a busy
counter. What a phone's screen, a lamp or a hand does to it is computed here; a frame that is too
bad for a person to believe in is as welcome as an easy one, because all readers get the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import zxingcpp
from msgspec import Struct
from numpy.typing import NDArray

from loyalty.codes import MEMBER_PREFIX, VOUCHER_PREFIX, make_member_number

Picture = NDArray[Any]
_Scene = Callable[[Picture, np.random.Generator], Picture]

WIDTH, HEIGHT = 1280, 720
MODULE_DOTS = 8
_PAPER, _INK = 235, 28
_CHARACTERS = list("ABCDEFGHJKMNPQRSTVWXYZ0123456789")


class Frame(Struct, frozen=True):
    """One frame, the kind of its trouble, and which code is in it and says what; None: none is."""

    kind: str
    picture: Picture
    text: str | None
    symbology: str | None


def frames(per_kind: int, *, seed: int = 1) -> Iterator[Frame]:
    """Make so many frames of each kind."""
    for place, kind in enumerate(KINDS):
        for number in range(per_kind):
            yield frame(kind, np.random.default_rng([seed, place, number]))


def frame(kind: str, chance: np.random.Generator) -> Frame:
    """Make one frame of a kind."""
    if kind == "nothing":
        return Frame(kind, _spoilt(_counter(chance), 1.5, 4.0, chance), None, None)
    text, shape = _drawn(chance)
    symbol = symbol_picture(text, shape, scale=MODULE_DOTS)
    scene, spoil = KINDS[kind]
    return Frame(kind, spoil(scene(symbol, chance), chance), text, shape.name)


def symbol_picture(text: str, kind: zxingcpp.BarcodeFormat, *, scale: int = 4) -> Picture:
    """Draw a code with its quiet zone, black on white, `scale` dots to a module."""
    code = zxingcpp.create_barcode(text, kind)
    drawn = np.array(code.to_image(scale=scale, add_quiet_zones=True))
    return cv2.copyMakeBorder(drawn, scale, scale, scale, scale, cv2.BORDER_CONSTANT, value=255)


def _drawn(chance: np.random.Generator) -> tuple[str, zxingcpp.BarcodeFormat]:
    """Draw lots for what members, slips and goods carry."""
    number = MEMBER_PREFIX + make_member_number("".join(map(str, chance.integers(0, 10, 11))))
    voucher = VOUCHER_PREFIX + "".join(chance.choice(_CHARACTERS, 60))
    goods = "69" + "".join(map(str, chance.integers(0, 10, 10)))
    ean = goods + str(-sum(int(each) * (1 + 2 * (at % 2)) for at, each in enumerate(goods)) % 10)
    kinds = zxingcpp.BarcodeFormat
    shapes = [
        (number, kinds.QRCode),
        (number, kinds.QRCode),
        (voucher, kinds.QRCode),
        (f"会员{number}", kinds.QRCode),
        (number, kinds.Code128),
        (ean, kinds.EAN13),
        (number, kinds.DataMatrix),
    ]
    return shapes[int(chance.integers(len(shapes)))]


# ---- where the code is


def _counter(chance: np.random.Generator) -> Picture:
    """Draw what else a camera sees: an uneven table, its edges, print without codes."""
    rough = chance.integers(60, 190, (9, 16)).astype(np.float32)
    table = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    table = table.clip(0, 255).astype(np.uint8)
    for _ in range(int(chance.integers(3, 9))):
        (x, y), shade = chance.integers(0, (WIDTH, HEIGHT)), int(chance.integers(20, 240))
        size = chance.integers(20, 300, 2)
        cv2.rectangle(table, (int(x), int(y)), (int(x + size[0]), int(y + size[1])), shade, -1)
    for _ in range(int(chance.integers(2, 8))):
        x, y = chance.integers(0, (WIDTH, HEIGHT))
        words = "".join(chance.choice(_CHARACTERS, 14))
        size_dots = float(chance.uniform(0.5, 1.4))
        shade = int(chance.integers(0, 256))
        cv2.putText(table, words, (int(x), int(y)), cv2.FONT_HERSHEY_DUPLEX, size_dots, shade, 1)
    return table.astype(np.float32)


def _placed(
    symbol: Picture,
    chance: np.random.Generator,
    *,
    module_dots: tuple[float, float] = (3.0, 6.0),
    tilt: tuple[float, float] = (0.0, 0.12),
    turn_deg: tuple[float, float] = (-12.0, 12.0),
    ink: tuple[int, int] = (_INK, _PAPER),
    screen: bool = False,
) -> Picture:
    """Lay a code on the counter: how big, how tilted (share of its size), how turned."""
    table = _counter(chance)
    # Whichever way it is turned, all of it is in the picture.
    fits = 0.9 * HEIGHT / float(np.hypot(*symbol.shape))
    dots = min(float(chance.uniform(*module_dots)) / MODULE_DOTS, fits)
    if not screen:
        # A lens sees the mean of what falls on each of its dots; warping alone would pick one.
        drawn = min(1.0, 2 * dots)
        symbol = cv2.resize(symbol, None, fx=drawn, fy=drawn, interpolation=cv2.INTER_AREA)
        dots /= drawn
    height, width = symbol.shape
    middle = np.array([width / 2, height / 2])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    depth = float(chance.uniform(*tilt))
    way = chance.uniform(0, 2 * np.pi)
    lean = (corners - middle) @ np.array([np.cos(way), np.sin(way)]) / max(width, height)
    angle = np.deg2rad(chance.uniform(*turn_deg))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    placed = (corners - middle) * (1 + 2 * depth * lean)[:, None] * dots @ turn.T
    reach = np.abs(placed).max(axis=0)
    room = np.maximum(np.array([WIDTH, HEIGHT]) / 2 - reach - 4, 0)
    placed += np.array([WIDTH, HEIGHT]) / 2 + chance.uniform(-room, room)
    dark, light = ink
    shown = (dark + symbol.astype(np.float32) / 255 * (light - dark)).astype(np.float32)
    if screen:
        shown = _as_pixels(shown)
    way_there = cv2.getPerspectiveTransform(corners.astype(np.float32), placed.astype(np.float32))
    size = (WIDTH, HEIGHT)
    laid = cv2.warpPerspective(shown, way_there, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.ones_like(shown), way_there, size, flags=cv2.INTER_LINEAR)
    return np.asarray(table * (1 - mask) + laid * mask)


def _as_pixels(shown: Picture) -> Picture:
    """Let a picture be shown by a screen: columns of light with dark between them."""
    columns = 0.72 + 0.28 * np.cos(np.arange(shown.shape[1]) * 2 * np.pi / 3.3)
    rows = 0.86 + 0.14 * np.cos(np.arange(shown.shape[0]) * 2 * np.pi / 3.3)
    return np.asarray(shown * columns[None, :] * rows[:, None], np.float32)


# ---- what happens to the picture


def _spoilt(scene: Picture, noise: float, noise_max: float, chance: np.random.Generator) -> Picture:
    strength = float(chance.uniform(noise, noise_max))
    grains = chance.normal(0, strength, scene.shape)
    return np.asarray((scene + grains).clip(0, 255).astype(np.uint8))


def _sharp(scene: Picture, chance: np.random.Generator) -> Picture:
    return _spoilt(cv2.GaussianBlur(scene, (0, 0), 0.6), 1, 4, chance)


def _out_of_focus(scene: Picture, chance: np.random.Generator) -> Picture:
    return _spoilt(cv2.GaussianBlur(scene, (0, 0), float(chance.uniform(1.4, 3.2))), 1, 4, chance)


def _moved(scene: Picture, chance: np.random.Generator) -> Picture:
    length = int(chance.integers(4, 12))
    kernel = np.zeros((length, length), np.float32)
    slope = float(chance.uniform(-1, 1))
    for at in range(length):
        kernel[round((length - 1) / 2 + slope * (at - (length - 1) / 2)), at] = 1
    if chance.random() < 0.5:
        kernel = np.asarray(kernel.T)
    return _spoilt(cv2.filter2D(scene, -1, kernel / kernel.sum()), 1, 4, chance)


def _glaring(scene: Picture, chance: np.random.Generator) -> Picture:
    """A lamp mirrored in the screen: a bright patch that bleaches, and a veil around it."""
    veil = np.zeros_like(scene)
    for _ in range(int(chance.integers(1, 3))):
        middle = (int(chance.integers(200, WIDTH - 200)), int(chance.integers(120, HEIGHT - 120)))
        axes = (int(chance.integers(40, 320)), int(chance.integers(20, 120)))
        cv2.ellipse(veil, middle, axes, float(chance.uniform(0, 180)), 0, 360, 1.0, -1)
    veil = cv2.GaussianBlur(veil, (0, 0), float(chance.uniform(12, 40)))
    return _sharp(scene + veil * float(chance.uniform(120, 230)), chance)


def _dim(scene: Picture, chance: np.random.Generator) -> Picture:
    light = float(chance.uniform(0.08, 0.3))
    return _spoilt(cv2.GaussianBlur(scene, (0, 0), 0.8) * light + 6, 2, 5, chance)


def _on_a_phone(scene: Picture, chance: np.random.Generator) -> Picture:
    """A camera's own grid over a screen's: waves of light, and the band of its refresh."""
    far = cv2.GaussianBlur(scene, (0, 0), float(chance.uniform(0.5, 1.1)))
    along, across = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    waves = np.zeros_like(scene)
    for _ in range(2):
        length, way = float(chance.uniform(5, 26)), float(chance.uniform(0, np.pi))
        phase = (along * np.cos(way) + across * np.sin(way)) * 2 * np.pi / length
        waves += np.cos(phase + chance.uniform(0, 6)) * float(chance.uniform(12, 38))
    band = 1 - 0.35 * (np.abs(across - chance.uniform(0, HEIGHT)) < 90)
    return _spoilt((far + waves) * band, 2, 6, chance)


def _badly_printed(scene: Picture, chance: np.random.Generator) -> Picture:
    """Thermal paper that fades, with lines the print head misses."""
    pale = scene * 0.35 + 150
    for _ in range(int(chance.integers(2, 9))):
        x = int(chance.integers(0, WIDTH))
        pale[:, x : x + int(chance.integers(1, 4))] = 225
    return _spoilt(cv2.GaussianBlur(pale, (0, 0), 0.7), 3, 7, chance)


def _mixed(scene: Picture, chance: np.random.Generator) -> Picture:
    ways: list[_Scene] = [_out_of_focus, _moved, _glaring, _dim, _on_a_phone, _badly_printed]
    first, second = chance.choice(len(ways), 2, replace=False)
    once = ways[int(first)](scene, chance).astype(np.float32)
    return ways[int(second)](once, chance)


def _scene(**how: Any) -> _Scene:
    return lambda symbol, chance: _placed(symbol, chance, **how)


#: Kind of trouble -> how the code lies there, and what happens to the picture of it.
KINDS: dict[str, tuple[_Scene, _Scene]] = {
    "plain": (_scene(), _sharp),
    "blur": (_scene(), _out_of_focus),
    "motion": (_scene(), _moved),
    "angle": (_scene(tilt=(0.25, 0.5), turn_deg=(-30, 30)), _sharp),
    "glare": (_scene(module_dots=(4.0, 8.0)), _glaring),
    "small": (_scene(module_dots=(1.1, 2.2)), _sharp),
    "moire": (_scene(module_dots=(3.0, 7.0), screen=True), _on_a_phone),
    "inverted": (_scene(ink=(225, 25)), _sharp),
    "low_light": (_scene(), _dim),
    "rotated": (_scene(turn_deg=(-180, 180)), _sharp),
    "faded": (_scene(), _badly_printed),
    "mixed": (_scene(module_dots=(2.2, 6.0), tilt=(0, 0.3), turn_deg=(-45, 45)), _mixed),
    "nothing": (_scene(), _sharp),
}
