"""What may be wrong with the Upstash-Signature header."""

from tests.servers.cases.case import Case, End, case
from tests.servers.cases.requests import BODY, genuine, post, raw, signature
from tests.signing import ATTACKER

NOT_OURS = (End.REFUSED, End.TURNED_AWAY)
ANY = (End.RAN, *NOT_OURS)
TOKEN = genuine()
FORGED = genuine(key=ATTACKER)
_HALF = len(TOKEN) // 2
_FOLDED = TOKEN[:_HALF] + b"\r\n " + TOKEN[_HALF:]
_KB, _MB = 1024, 1024 * 1024


def _huge(size: int) -> Case:
    return case(post(signature(b"x" * size)), ends=NOT_OURS)


HEADERS: dict[str, Case] = {
    "H01 one genuine signature": case(post(signature(TOKEN)), ends=End.RAN),
    "H03 none": case(post(), ends=End.REFUSED),
    "H04 an empty one": case(post(b"Upstash-Signature:"), ends=End.REFUSED),
    "H05 another case": case(post(b"uPSTASH-sIGNATURE: " + TOKEN), ends=End.RAN),
    "H06 the same twice": case(post(signature(TOKEN), signature(TOKEN)), ends=NOT_OURS),
    "H06 the same twice, not in a row": case(
        post(signature(TOKEN), b"Upstash-Retried: 0", signature(TOKEN)), ends=NOT_OURS
    ),
    "H07 genuine, then forged": case(post(signature(TOKEN), signature(FORGED)), ends=NOT_OURS),
    "H07 forged, then genuine": case(post(signature(FORGED), signature(TOKEN)), ends=NOT_OURS),
    "H07 genuine, then empty": case(post(signature(TOKEN), b"Upstash-Signature:"), ends=NOT_OURS),
    "H08 with an underscore alone": case(post(b"Upstash_Signature: " + TOKEN), ends=NOT_OURS),
    "H09 genuine, forged with an underscore": case(post(signature(TOKEN), b"Upstash_Signature: " + FORGED), ends=ANY),
    "H09 forged, genuine with an underscore": case(
        post(signature(FORGED), b"Upstash_Signature: " + TOKEN), ends=NOT_OURS
    ),
    "H10 folded within the token": case(post(signature(_FOLDED)), ends=NOT_OURS),
    "H10 folded within the token by a tab": case(post(signature(_FOLDED.replace(b" ", b"\t"))), ends=NOT_OURS),
    "H10 folded before the token": case(post(b"Upstash-Signature:\r\n " + TOKEN), ends=ANY),
    "H10 a second token on the folded line": case(post(signature(TOKEN + b"\r\n " + FORGED)), ends=NOT_OURS),
    "H11 a blank before the colon": case(post(b"Upstash-Signature : " + TOKEN), ends=NOT_OURS),
    "H11 a blank before the name": case(post(b"X-Other: x", b" Upstash-Signature: " + TOKEN), ends=NOT_OURS),
    "H12 bytes beyond ASCII": case(post(signature(b"\xe9\xff")), ends=NOT_OURS),
    "H12 a byte beyond ASCII after the token": case(post(signature(TOKEN + b"\xff")), ends=NOT_OURS),
    "H12 a NUL after the token": case(post(signature(TOKEN + b"\x00")), ends=NOT_OURS),
    "H12 a bare CR within the token": case(post(signature(_FOLDED.replace(b"\r\n ", b"\r"))), ends=NOT_OURS),
    "H12 a bare LF between two": case(post(signature(TOKEN + b"\n" + signature(FORGED))), ends=NOT_OURS),
    "H13 a bearer token": case(post(signature(b"Bearer " + TOKEN)), ends=NOT_OURS),
    "H14 20 KB": _huge(20 * _KB),
    "H14 100 KB": _huge(100 * _KB),
    "H14 1 MB": _huge(_MB),
    "H14 10 MB": _huge(10 * _MB),
    "H14 20 KB after the token": case(post(signature(TOKEN + b"A" * 20 * _KB)), ends=NOT_OURS),
    "H14 20 KB in another header": case(post(signature(TOKEN), b"X-Other: " + b"x" * 20 * _KB), ends=ANY),
    "H14 five hundred headers": case(
        post(signature(TOKEN), *(b"X-Other-%d: x" % number for number in range(500))), ends=ANY
    ),
    "H20 GET without a body": case(raw(signature(genuine(b"")), method=b"GET"), ends=End.RAN, body=b""),
    "H21 GET with a body": case(post(signature(TOKEN), method=b"GET"), ends=End.RAN),
    "H24 PUT": case(post(signature(TOKEN), method=b"PUT"), ends=End.RAN),
    "H24 DELETE, forged": case(post(signature(FORGED), method=b"DELETE"), ends=End.REFUSED),
    "H25 a method in a header": case(
        post(signature(FORGED), b"X-HTTP-Method-Override: GET", body=BODY), ends=End.REFUSED
    ),
}
