import type { CallStory } from '../../../calls/index.ts'
import type { Phone } from '../phone.ts'
import type { PhoneKind } from '../phone-kind.ts'
import { planOf, type ReplayAct, type ReplayDeed, type ReplayPlan } from '../replay-plan.ts'

/** How a recorded call is replayed. */
export interface ReplayOptions {
  /** Keys in place of those that the story does not tell, in their order. Default: 0 for each. */
  readonly privateDigits?: string
  /** Whom the phone calls, where it was the caller: a user of the exchange. Default: whom it called then. */
  readonly to?: string
}

/**
 * The far end of a recorded call: it does again what it did then, at the same times. A caller calls as soon as it
 * stands in the network; who was called waits for a call. After the answer times count from the answer, for the
 * application may take another time to give it.
 *
 * Again come: its responses with their status, phrase and reason; the directions of its session descriptions; its
 * keys; other requests of its within the call, without a body; its hang-up. What it said is not in a story: it is
 * silent. Codecs but G.711, reliable provisional responses, forks and credentials are not replayed.
 *
 * @param story what `ringdown explain --json` prints, as text or parsed
 * @throws Error when it is none, or when it does not hold the INVITE that began the call
 */
export function replay(story: CallStory | string, options: ReplayOptions = {}): PhoneKind {
  const plan = planOf(readStory(story), options.privateDigits)
  const { set, call } = plan
  if (call === undefined) return { set, onCall: (phone) => perform(phone, plan.acts, phone.now) }
  return {
    set,
    onPlaced: (phone) => callAgain(phone, plan, { ...call, ...(options.to !== undefined && { to: options.to }) }),
  }
}

function readStory(story: CallStory | string): CallStory {
  let read: Partial<CallStory>
  try {
    read = typeof story === 'string' ? JSON.parse(story) : story
  } catch (cause) {
    throw new Error(`replay: the text is no JSON: ${(cause as Error).message}`, { cause })
  }
  if (read?.format !== 'ringdown-call-story' || read.version !== 1)
    throw new Error('replay takes the story of a call, version 1, as "ringdown explain <call> --json" prints it')
  return read as CallStory
}

async function callAgain(phone: Phone, { acts }: ReplayPlan, call: NonNullable<ReplayPlan['call']>): Promise<void> {
  await phone.sleep(0)
  phone.dial(call.to, { from: call.from, headers: call.headers })
  await perform(phone, acts, phone.now)
}

async function perform(phone: Phone, acts: readonly ReplayAct[], begunAt: number): Promise<void> {
  let answeredAt: number | undefined
  for (const { since, afterMs, what } of acts) {
    if (since === 'answer' && answeredAt === undefined) {
      await phone.until('waits for the answer', () => phone.state === 'ANSWERED' || phone.state === 'IDLE', {
        isForEnd: true,
        withinMs: Number.POSITIVE_INFINITY,
      })
      answeredAt = phone.now
    }
    const dueAt = afterMs + (since === 'answer' ? (answeredAt ?? begunAt) : begunAt)
    if (dueAt > phone.now) await phone.sleep(dueAt - phone.now)
    if (phone.state === 'IDLE') return
    if (what.type === 'answer') answeredAt = phone.now
    await act(phone, what)
  }
}

async function act(phone: Phone, what: ReplayDeed): Promise<void> {
  switch (what.type) {
    case 'respond':
      phone.respond(what.status, what)
      return
    case 'answer':
      return phone.answer()
    case 'reinvite':
      return phone.reinvite(what.direction)
    case 'press':
      if (phone.mediaPeer !== undefined) void phone.press(what.key)
      return
    case 'request':
      phone.sip.latestCall.request(what.method)
      return
    case 'hangUp':
      return phone.hangUp()
  }
}
