"""``python -m pydl4j_bridge``."""

from pydl4j_bridge.cli import main

if __name__ == "__main__":
    main()
