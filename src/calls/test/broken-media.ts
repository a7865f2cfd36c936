import type { SimulatedExchange } from '../../testing/index.ts'

/** The port of the only leg of the engine breaks, as soon as it is visited. */
export function breakMedia({ mediaIo }: SimulatedExchange): void {
  const [receive, poll] = [mediaIo.receive.bind(mediaIo), mediaIo.poll.bind(mediaIo)]
  let broken: number | undefined
  mediaIo.receive = (leg, into) => {
    broken ??= leg
    return receive(leg, into)
  }
  mediaIo.poll = () => {
    const leg = broken
    if (leg === undefined) return poll()
    mediaIo.poll = poll
    return { type: 'failed', leg, reason: 'the port is broken' }
  }
}
