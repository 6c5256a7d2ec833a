# Generated from src/litestar_sessions/_async/__init__.py (make generate): edit that, not this.
