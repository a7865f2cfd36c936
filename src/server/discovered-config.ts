import type { Random } from '../kit/index.ts'
import type { RingdownConfig } from './config/config.ts'
import type { Settings } from './config/settings.ts'
import { discoverAddress } from './transport/discover-address.ts'

/**
 * The configuration with the addresses in it that STUN servers were to tell (`publicAddress: 'stun:stun.example.net'`).
 *
 * @param settings of the same configuration, which has been checked
 * @throws RingdownError RINGDOWN_TRANSPORT when a server does not tell
 */
export async function discoveredConfig(
  config: RingdownConfig,
  { sip, media }: Settings,
  random: Random,
): Promise<RingdownConfig> {
  const found = async (publicAddress: string | undefined, local: string | undefined) =>
    publicAddress?.startsWith('stun:') ? await discoverAddress(publicAddress, local ?? '127.0.0.1', random) : undefined
  const forSip = await found(config.sip?.publicAddress, sip.listen[0]?.address)
  const forMedia = await found(config.media?.publicAddress, media.address)
  return {
    ...config,
    ...(forSip !== undefined && { sip: { ...config.sip, publicAddress: forSip } }),
    ...(forMedia !== undefined && { media: { ...config.media, publicAddress: forMedia } }),
  }
}
