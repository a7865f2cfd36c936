/**
 * What calls cost before any telephony: answers every INVITE with 100 and 200 and every other request but ACK with 200,
 * from one `dgram` socket, with the head split into a map of headers and no state kept. The reference that the
 * exchange is compared with in the same run: the same number of datagrams, of much the same size.
 *
 *     node --import jiti/register bench/bare-answerer.ts <address>
 */
import { createSocket } from 'node:dgram'

const address = process.argv[2] ?? '127.0.0.1'
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })

socket.on('message', (bytes, from) => {
  const text = bytes.toString('utf8')
  const [head = '', body = ''] = text.split('\r\n\r\n', 2)
  const [start = '', ...lines] = head.split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const method = start.split(' ', 1)[0]
  if (method === 'ACK') return
  const answer = (status: string, content: string) => {
    const reply =
      `SIP/2.0 ${status}\r\nVia: ${headers.get('via')};received=${from.address}\r\nFrom: ${headers.get('from')}\r\n` +
      `To: ${headers.get('to')};tag=bare\r\nCall-ID: ${headers.get('call-id')}\r\nCSeq: ${headers.get('cseq')}\r\n` +
      `Contact: <sip:bare@${address}:5060>\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\nServer: bare\r\n` +
      `${content === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${content.length}\r\n\r\n${content}`
    socket.send(Buffer.from(reply, 'utf8'), from.port, from.address)
  }
  if (method === 'INVITE') answer('100 Trying', '')
  answer('200 OK', body)
})

socket.bind({ address, port: 5060 }, () => process.stdout.write('ready\n'))
