import type { CallDetails, ExchangeReport, InstanceRecord, PhoneChange, TrunkStatus } from '../../calls/index.ts'
import type { Logger } from '../../kit/index.ts'

/** One line for each call and each application instance that is over, and for each change of a trunk. */
export function logReport(logger: Logger, report: ExchangeReport): void {
  if (!isEnabled(logger)) return
  if (report.type === 'callEnded') logger.info({ call: callRecord(report.details) }, callLine(report.details))
  else if (report.type === 'instanceEnded') logInstance(logger, report.record)
  else if (report.type === 'trunkChanged') logTrunk(logger, report.status)
  else logPhone(logger, report.change)
}

function logPhone(logger: Logger, change: PhoneChange): void {
  const { user, contact, source, until } = change.phone
  const line = change.isRegistered
    ? `user ${user} has registered a phone, ${contact} from ${source}, until ${timeOfDay(until)}`
    : `user ${user} is no longer at ${contact}: the registration ${PHONE_GONE[change.reason]}`
  logger.info({ phone: change.phone }, line)
}

const PHONE_GONE = {
  removed: 'was taken back',
  expired: 'was not refreshed',
  replaced: 'was replaced by another',
  unreachable: 'went with its connection',
} as const

function logTrunk(logger: Logger, trunk: TrunkStatus): void {
  const line = `trunk ${trunk.name}: ${[...registrationWords(trunk), ...reachabilityWords(trunk)].join('; ')}`
  if (trunk.isUp) logger.info({ trunk }, line)
  else logger.warn({ trunk }, line)
}

function registrationWords({ registration }: TrunkStatus): string[] {
  switch (registration?.state) {
    case undefined:
      return []
    case 'registered':
      return [`registered until ${timeOfDay(registration.until)}`]
    case 'stopped':
      return ['its registration is taken back']
    case 'refused':
      return [
        `registration refused with ${registration.status} ${registration.reason}, next try at ${timeOfDay(registration.retryAt)}`,
      ]
    case 'trying': {
      const { status, reason, retryAt } = registration
      if (reason === undefined) return ['registers']
      const why = status === undefined ? reason : `${status} ${reason}`
      return [`not registered (${why})${retryAt === undefined ? '' : `, next try at ${timeOfDay(retryAt)}`}`]
    }
  }
}

function reachabilityWords({ reachability }: TrunkStatus): string[] {
  if (reachability === undefined || reachability.state === 'unknown') return []
  if (reachability.state === 'down') return [`does not answer OPTIONS (${reachability.reason})`]
  return [`answers OPTIONS in ${Math.round(reachability.roundTripMs)} ms`]
}

/** UTC, as `12:34:56Z`: when something is to happen within the next hours. */
function timeOfDay(wallTimeMs: number): string {
  return `${new Date(wallTimeMs).toISOString().slice(11, 19)}Z`
}

/** What is kept of a call: why it ended, what SIP and Q.850 said, who ended it, in which state, and when. */
export function callRecord(details: CallDetails): object {
  const { callId, direction, from, to, user, codec, sipCallId } = details
  const { cause, rawCause, reason, endedBy, endedIn, times, media } = details
  return {
    callId,
    direction,
    from,
    to,
    user,
    codec,
    sipCallId,
    cause,
    rawCause,
    reason,
    endedBy,
    endedIn,
    times,
    media,
  }
}

function callLine({ direction, from, to, cause, rawCause, reason, endedBy, endedIn }: CallDetails): string {
  const status = rawCause ?? reason?.sip
  const sip = status === undefined ? '' : `, SIP ${status}${reason?.text === undefined ? '' : ` ${reason.text}`}`
  const q850 = reason?.q850 === undefined ? '' : `, Q.850 ${reason.q850}`
  const who = direction === 'inbound' ? `from ${from} to ${to}` : `to ${to}`
  return `${direction} call ${who} ended: ${cause} in ${endedIn} by ${endedBy}${sip}${q850}`
}

function logInstance(logger: Logger, record: InstanceRecord): void {
  const { service, returnCode, error } = record
  const why = error === undefined ? '' : `: ${error}`
  const line = `${record.direction} application ${service} returned ${returnCode}${why}`
  if (returnCode < 0 && returnCode > -100 && returnCode !== -2) logger.warn({ instance: record }, line)
  else logger.info({ instance: record }, line)
}

/** Pino can say beforehand that a line would be thrown away; so it need not be put together. */
function isEnabled(logger: Logger & { isLevelEnabled?: (level: string) => boolean }): boolean {
  return logger.isLevelEnabled?.('info') ?? true
}
