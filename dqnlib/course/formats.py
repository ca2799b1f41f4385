"""nbformat, which reads and writes notebooks, imported in a tenth of the time.

jsonschema, which it imports, would first compile the grammar of each kind of address: two seconds
for every process that judges a copy. What a notebook must look like names no such kind.
"""

import sys

GRAMMARS = "rfc3987_syntax"

if GRAMMARS in sys.modules:
    import nbformat
else:
    sys.modules[GRAMMARS] = None  # its import fails, which jsonschema is prepared for
    try:
        import nbformat
    finally:
        sys.modules.pop(GRAMMARS, None)

__all__ = ["nbformat"]
