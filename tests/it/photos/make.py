"""Makes the two photos beside this file, as phones make them: pip install pillow pillow-heif, then run it here.

Red on the left, blue on the right; taken sideways (orientation 6); with a place, a phone and a day in their Exif block."""

from PIL import Image
from pillow_heif import register_heif_opener

register_heif_opener()
photo = Image.new("RGB", (320, 240))
for x in range(320):
    for y in range(240):
        photo.putpixel((x, y), (220, y // 2, 30) if x < 160 else (30, y // 2, 220))
exif = Image.Exif()
exif[0x010F], exif[0x0110] = "Lantern", "Lantern phone of somebody"
exif[0x0112] = 6
exif[0x0132] = "2026:11:12 16:12:00"
exif[0x8825] = {1: "N", 2: (51.0, 30.0, 12.0), 3: "W", 4: (0.0, 7.0, 39.0)}
photo.save("phone.webp", quality=60, exif=exif, xmp=b"<x:xmpmeta>Lantern phone of somebody</x:xmpmeta>")
photo.save("phone.heic", quality=40, exif=exif)
