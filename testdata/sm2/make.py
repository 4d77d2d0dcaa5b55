"""SM2 signatures by an independent implementation: `pip install gmssl==3.2.2`, then `python3 make.py > vectors.json`."""
import hashlib
import json

from gmssl import func, sm2, sm3

N = int(sm2.default_ecc_table["n"], 16)


def seeded(text):
    return hashlib.sha256(text.encode()).digest()


def public_of(secret):
    curve = sm2.CryptSM2(public_key="", private_key="")
    return curve._kg(int(secret, 16), sm2.default_ecc_table["g"])


vectors = []
for i in range(40):
    secret = "%064x" % (int.from_bytes(seeded(f"key {i % 8}"), "big") % (N - 2) + 1)
    public = public_of(secret)
    message = b"".join(seeded(f"message {i} {k}") for k in range(i % 5))[: i * 7]
    signer = sm2.CryptSM2(public_key=public, private_key=secret)
    nonce = "%064x" % (int.from_bytes(seeded(f"nonce {i}"), "big") % (N - 1) + 1)
    digest = signer._sm3_z(message)
    signature = signer.sign(bytes.fromhex(digest), nonce)
    assert signer.verify(signature, bytes.fromhex(digest))
    vectors.append(
        {
            "secret": secret,
            "publicKey": public,
            "message": message.hex(),
            "sm3": sm3.sm3_hash(func.bytes_to_list(message)),
            "signature": signature,
        }
    )
print(json.dumps(vectors, indent=1))
