import type { MediaCommand, MediaEvent, StreamParameters } from '../engine/control.ts'

/** A media port under test, with whatever clock it lives by. */
export interface MediaHarness {
  send(command: MediaCommand): void
  /** Every event so far, oldest first. */
  readonly events: readonly MediaEvent[]
  /** An address to bind legs to. */
  readonly address: string
  /** An address that cannot be bound to. */
  readonly foreignAddress: string
  /** Lets time pass until `until` holds; rejects when it does not within `withinMs`. */
  waitUntil(until: () => boolean, withinMs: number): Promise<void>
  /** Lets this much time pass. */
  pass(durationMs: number): Promise<void>
  close(): Promise<void>
}

type EventOf<Type extends MediaEvent['type']> = Extract<MediaEvent, { type: Type }>

/** The events of one kind on one leg. */
export function eventsOf<Type extends MediaEvent['type']>(
  harness: Pick<MediaHarness, 'events'>,
  type: Type,
  leg: number,
): EventOf<Type>[] {
  return harness.events.filter((event): event is EventOf<Type> => event.type === type && event.leg === leg)
}

/** Opens a leg and returns its port. */
export async function openLeg(harness: MediaHarness, leg: number): Promise<number> {
  harness.send({ type: 'open', leg, localAddress: harness.address })
  await harness.waitUntil(() => eventsOf(harness, 'opened', leg).length > 0, 2000)
  return eventsOf(harness, 'opened', leg)[0].port
}

/** Opens two legs and lets them talk to each other. */
export async function connectLegs(
  harness: MediaHarness,
  first: number,
  second: number,
  stream: Partial<StreamParameters> = {},
): Promise<void> {
  const ports = [await openLeg(harness, first), await openLeg(harness, second)]
  for (const [leg, remotePort] of [
    [first, ports[1]],
    [second, ports[0]],
  ]) {
    harness.send({ type: 'start', leg, stream: { ...streamTo(harness.address, remotePort), ...stream } })
  }
}

/** What offer and answer usually agree on. */
export function streamTo(remoteAddress: string, remotePort: number): StreamParameters {
  return {
    remoteAddress,
    remotePort,
    codec: 'PCMU',
    payloadType: 0,
    telephoneEventPayloadType: 101,
    ptimeMs: 20,
    direction: 'sendrecv',
  }
}

/** Waits for the end of a job and returns how it ended. */
export async function finished(
  harness: MediaHarness,
  leg: number,
  job: number,
  withinMs = 10_000,
): Promise<EventOf<'finished'>> {
  const find = (): EventOf<'finished'> | undefined =>
    eventsOf(harness, 'finished', leg).find((event) => event.job === job)
  await harness.waitUntil(() => find() !== undefined, withinMs)
  return find()!
}

/** Everything that a recording has handed over, joined. */
export function recordingOf(harness: Pick<MediaHarness, 'events'>, leg: number, job: number): Int16Array {
  const blocks = eventsOf(harness, 'recorded', leg).filter((event) => event.job === job)
  const all = new Int16Array(blocks.reduce((sum, { samples }) => sum + samples.length, 0))
  let at = 0
  for (const { samples } of blocks) {
    all.set(samples, at)
    at += samples.length
  }
  return all
}
