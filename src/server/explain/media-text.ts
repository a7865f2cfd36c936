import type { CallDetails } from '../../calls/index.ts'

/** How a call sounded, from what its media counted; nothing for one that no application has had. */
export function mediaText(details: CallDetails | undefined): string {
  const { media, codec } = details ?? {}
  if (media === undefined)
    return details?.cause === undefined && details !== undefined ? 'media: known when the call is over' : ''
  return ['media', ...mediaLines(media, codec)].join('\n  ')
}

function mediaLines(media: NonNullable<CallDetails['media']>, codec: string | undefined): string[] {
  const { packetsReceived, packetsLost, packetsRefused, jitterMs, packetsSent, quality, farEnd, roundTripMs } = media
  const {
    reportsSent,
    reportsReceived,
    concealedMs,
    jitterBufferMs,
    underruns,
    slotsSkipped,
    playerUnderruns,
    recordedTooLateMs,
  } = media
  const share = packetsReceived + packetsLost === 0 ? 0 : (100 * packetsLost) / (packetsReceived + packetsLost)
  const sound =
    quality === undefined ? 'nothing was heard' : `MOS ${quality.mos.toFixed(2)} (R ${quality.rating.toFixed(0)})`
  const troubles = [
    [packetsRefused, `${packetsRefused} refused`],
    [concealedMs, `${concealedMs} ms made up for losses`],
    [underruns, `${underruns} times nothing to play`],
    [slotsSkipped, `${slotsSkipped} slots skipped by a stall of ours`],
    [playerUnderruns, `${playerUnderruns} gaps because the disk was late`],
    [recordedTooLateMs, `${recordedTooLateMs} ms that came too late to be recorded`],
  ] as const
  const known = troubles.filter(([count]) => count > 0).map(([, text]) => text)
  return [
    `from it   ${sound}${codec === undefined ? '' : `, ${codec}`}`,
    `received  ${packetsReceived} packets, ${packetsLost} lost (${share.toFixed(1)} %), jitter ${jitterMs.toFixed(1)} ms, ` +
      `jitter buffer ${jitterBufferMs.toFixed(0)} ms`,
    ...(known.length > 0 ? [`trouble   ${known.join(', ')}`] : []),
    `sent      ${packetsSent} packets` +
      (farEnd === undefined ? '' : `; it says: ${farEnd.packetsLost} lost, jitter ${farEnd.jitterMs.toFixed(1)} ms`),
    `RTCP      ${reportsSent} reports sent, ${reportsReceived} received` +
      (roundTripMs === undefined ? '' : `, round trip ${roundTripMs.toFixed(0)} ms`),
  ]
}
