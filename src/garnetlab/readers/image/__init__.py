"""Images (PNG, TIFF) to what the solvers need. A contact map is no measurement, so these are not in the table of readers."""

from garnetlab.readers.image._contact_map import ContactImage, read_contact_map

__all__ = ["ContactImage", "read_contact_map"]
