"""Text as a QR code that a page can draw without a picture."""

from __future__ import annotations

from qrcode.main import QRCode


def drawing(text: str) -> tuple[int, str]:
    """Its side in squares, and the path of an SVG that fills the dark ones."""
    code = QRCode(border=4)
    code.add_data(text)
    rows = code.get_matrix()
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return len(rows), "".join(dark)
