export type { DnsAnswer, DnsQuestion, NaptrRecord, SrvRecord } from './dns.ts'
export { type LocatorCounter, type LocatorOutput, ServerLocator } from './server-locator.ts'
export { isNumericHost, type ServerName } from './server-name.ts'
