/** Resolves at the next SIGTERM or SIGINT, which ends nothing by itself from then on. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}
