"""The present code of an authenticator secret, for a visitor of the demo who has no authenticator app at hand."""

import sys

import pyotp

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m xinqiao.demo.code SECRET")
    sys.stdout.write(pyotp.TOTP(sys.argv[1]).now() + "\n")
