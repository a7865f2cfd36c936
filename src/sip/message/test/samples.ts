import { utf8Encode } from '../../../kit/index.ts'

/** Lines as a message: line breaks become CRLF. */
export function sip(text: string): Uint8Array {
  return utf8Encode(text.replace(/\r?\n/g, '\r\n'))
}

const SDP = `v=0
o=- 3724394400 3724394405 IN IP4 192.0.2.20
s=-
c=IN IP4 192.0.2.20
t=0 0
m=audio 40376 RTP/AVP 8 0 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
`

/** The INVITE, 200, ACK and BYE of a typical call between a telephone and an exchange behind one proxy. */
export const CALL = {
  invite: sip(`INVITE sip:1234@192.0.2.1:5060;user=phone SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKf7a3c2d1e0;rport
Via: SIP/2.0/UDP 192.0.2.20:5062;branch=z9hG4bK-524287-1---4e2f9a7c;rport=5062;received=192.0.2.20
Max-Forwards: 69
Record-Route: <sip:192.0.2.10;lr>
Contact: <sip:alice@192.0.2.20:5062;ob>
To: <sip:1234@192.0.2.1;user=phone>
From: "Alice Example" <sip:alice@example.com>;tag=a73kszlfl
Call-ID: 89Tz3yVcQ2mJ0aQ8bK1x@192.0.2.20
CSeq: 2117 INVITE
Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS
Supported: replaces, 100rel, timer, norefersub
User-Agent: Example Phone 4.2.1
Content-Type: application/sdp
Content-Length: ${SDP.length + 12}

${SDP}`),
  ok: sip(`SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKf7a3c2d1e0;rport=5060;received=192.0.2.10
Via: SIP/2.0/UDP 192.0.2.20:5062;branch=z9hG4bK-524287-1---4e2f9a7c;rport=5062;received=192.0.2.20
Record-Route: <sip:192.0.2.10;lr>
Contact: <sip:192.0.2.1:5060>
To: <sip:1234@192.0.2.1;user=phone>;tag=8f3c2d77
From: "Alice Example" <sip:alice@example.com>;tag=a73kszlfl
Call-ID: 89Tz3yVcQ2mJ0aQ8bK1x@192.0.2.20
CSeq: 2117 INVITE
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, INFO, PRACK
Supported: 100rel
Content-Type: application/sdp
Content-Length: ${SDP.length + 12}

${SDP}`),
  ack: sip(`ACK sip:192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK92ae41;rport
Via: SIP/2.0/UDP 192.0.2.20:5062;branch=z9hG4bK-524287-1---11c02b5d;rport=5062
Max-Forwards: 69
To: <sip:1234@192.0.2.1;user=phone>;tag=8f3c2d77
From: "Alice Example" <sip:alice@example.com>;tag=a73kszlfl
Call-ID: 89Tz3yVcQ2mJ0aQ8bK1x@192.0.2.20
CSeq: 2117 ACK
Content-Length: 0

`),
  bye: sip(`BYE sip:192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK55d0aa;rport
Via: SIP/2.0/UDP 192.0.2.20:5062;branch=z9hG4bK-524287-1---70bb1c2e;rport=5062
Max-Forwards: 69
To: <sip:1234@192.0.2.1;user=phone>;tag=8f3c2d77
From: "Alice Example" <sip:alice@example.com>;tag=a73kszlfl
Call-ID: 89Tz3yVcQ2mJ0aQ8bK1x@192.0.2.20
CSeq: 2118 BYE
User-Agent: Example Phone 4.2.1
Content-Length: 0

`),
} as const
