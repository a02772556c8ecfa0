"""Write what ``ganbook list`` reads, so that it need not import PyTorch: python tools/index.py"""

from __future__ import annotations

from ganbook.cli import index

if __name__ == "__main__":
    index.write()
    print(f"wrote {index.INDEX}")
