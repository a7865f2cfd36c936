import type { ChannelCore } from '../channel-core.ts'
import { TransferCause } from '../enums.ts'
import { type Side, Together } from '../transfer/together.ts'
import { ownUri } from './refer-options.ts'
import { SentRefer } from './sent-refer.ts'

/**
 * Asks the far end of a call that is with its target for good to call the target by itself, in our place, so that neither call
 * is ours any more. They hear each other here meanwhile, and stay connected here when nothing comes of it.
 */
export async function releaseByRefer(core: ChannelCore): Promise<void> {
  const { leg, connectedTo: other } = core
  const target = other?.leg
  if (leg === undefined || other === undefined || target === undefined) return
  const sides: readonly [Side, Side] = [
    { core, leg },
    { core: other, leg: target },
  ]
  let refer: SentRefer | undefined
  await core.do(() => {
    if (sides.some((side) => side.leg.isEnding) || core.away?.letGo() !== true) return
    const told = leg.details.transfer
    refer = new SentRefer(core, leg, {
      consultation: { core: other, leg: target },
      target: told?.target ?? '',
      timeoutMs: PATIENCE_MS,
      headers: [['Referred-By', `<${ownUri(leg)}>`]],
      keep: () => {
        core.transferCause = TransferCause.NORMAL
        if (told !== undefined) leg.details.transfer = told
        keepTogether(...sides)
      },
    })
  })
  await refer?.settled
}

function keepTogether(one: Side, other: Side): void {
  if (!one.leg.isEnding && !other.leg.isEnding) new Together(one, other, true)
  else for (const { leg } of [one, other]) leg.hangUp('local')
}

/** The target rings nobody: it is there already. */
const PATIENCE_MS = 32_000
