"""What makes a code readable that was not: one small change to a patch of a picture each.

Pure. A mended picture shows what may have been there, so only codes that can vouch for themselves
are believed from it (`reading`).
"""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.devices.codes.libraries import Picture

_EDGE_DOTS = 16
#: How much of its noise a sharpened picture may keep: less is calmer, and softer.
_NOISE_SHARE = 0.01


def halved(patch: Picture) -> Picture:
    """Return it at half its size: grain and a screen's own dots melt away."""
    return np.asarray(cv2.resize(patch, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def doubled(patch: Picture) -> Picture:
    """Return it at twice its size, so that modules of one dot have an inside."""
    return np.asarray(cv2.resize(patch, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))


def crisp(patch: Picture) -> Picture:
    """Return it at twice its size with steeper edges: small and soft modules part again."""
    large = doubled(patch)
    return np.asarray(cv2.addWeighted(large, 3, cv2.GaussianBlur(large, (0, 0), 3), -2, 0))


def inverted(patch: Picture) -> Picture:
    """Return light for dark."""
    return np.asarray(255 - patch)


def evened(patch: Picture) -> Picture:
    """Return it with the same contrast everywhere: shade, glare and faded print."""
    return np.asarray(cv2.createCLAHE(3.0, (4, 4)).apply(patch))


def softened(patch: Picture) -> Picture:
    """Return it with a little less grain, and nothing that was to be read any harder to read."""
    return np.asarray(cv2.GaussianBlur(patch, (0, 0), 0.6))


def calmed(patch: Picture) -> Picture:
    """Return it without waves and specks that are finer than modules."""
    return np.asarray(cv2.medianBlur(patch, 5))


def in_two_tones(patch: Picture) -> Picture:
    """Return each dot as dark or light beside its surroundings."""
    smooth = cv2.GaussianBlur(patch, (0, 0), 1)
    return np.asarray(
        cv2.adaptiveThreshold(
            smooth, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, blockSize=41, C=2
        )
    )


def sharpened(patch: Picture, blur_dots: float = 2.0) -> Picture:
    """Undo a blur of so many dots (a Wiener filter for a Gaussian)."""
    edge = _EDGE_DOTS
    wide = cv2.copyMakeBorder(patch, edge, edge, edge, edge, cv2.BORDER_REFLECT).astype(np.float32)
    high, broad = (cv2.getOptimalDFTSize(side) for side in wide.shape)
    waves = np.fft.rfft2(wide, (high, broad))
    down = np.fft.fftfreq(high).astype(np.float32)[:, None]
    across = np.fft.rfftfreq(broad).astype(np.float32)[None]
    lens = np.exp(-2 * (np.pi * blur_dots) ** 2 * (down * down + across * across))
    sharp = np.fft.irfft2(waves * (lens / (lens * lens + _NOISE_SHARE)), (high, broad))
    kept = sharp[edge:, edge:][: patch.shape[0], : patch.shape[1]]
    return np.asarray(kept.clip(0, 255).astype(np.uint8))


def upright(patch: Picture) -> Picture | None:
    """Return it turned so that its bars stand up, or None where nothing runs in one direction.

    The way that most edges run is that of the structure tensor.
    """
    across = cv2.Sobel(patch, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(patch, cv2.CV_32F, 0, 1)
    xx, yy = float((across * across).mean()), float((down * down).mean())
    xy = float((across * down).mean())
    one_way = np.hypot(xx - yy, 2 * xy) / max(xx + yy, 1e-6)
    if one_way < 0.4:
        return None
    turn_deg = float(np.rad2deg(np.arctan2(2 * xy, xx - yy) / 2))
    height, width = patch.shape
    middle = (width / 2, height / 2)
    way = cv2.getRotationMatrix2D(middle, turn_deg, 1.0)
    high = int(abs(way[0, 1]) * width + abs(way[0, 0]) * height)
    wide = int(abs(way[0, 0]) * width + abs(way[0, 1]) * height)
    way[:, 2] += (wide / 2 - middle[0], high / 2 - middle[1])
    return np.asarray(
        cv2.warpAffine(patch, way, (wide, high), flags=cv2.INTER_CUBIC, borderValue=255)
    )
