export { MachineDriver, type MachineDriverOptions } from './clock/machine-driver.ts'
export { SimulationStuckError } from './clock/stuck-error.ts'
export { type RunBounds, type Scheduled, VirtualClock } from './clock/virtual-clock.ts'
export type { Waiter } from './clock/waiter.ts'
export { type Finding, type FindingKind, FuzzError } from './fuzz/finding.ts'
export { type FuzzOptions, fuzzCalls } from './fuzz/fuzz-calls.ts'
export { Ladder } from './ladder/ladder.ts'
export { type ExpectedEnd, type MatcherResult, matchers } from './matchers/matchers.ts'
export { MemoryMediaStore } from './media/memory-media-store.ts'
export { SimulatedMediaIo, type SimulatedMediaIoOptions } from './media/simulated-media-io.ts'
export { formatAddress, type SocketAddress } from './network/address.ts'
export { type BurstLoss, burstLoss, GOOD_CONDITIONS, type LinkConditions } from './network/conditions.ts'
export type { SimulatedHost, UdpHandlers, UdpSocket } from './network/host.ts'
export type { DropReason } from './network/link.ts'
export type { NatKind, NatOptions } from './network/nat.ts'
export type { NetworkInput, NetworkOutput } from './network/port.ts'
export { type NetworkCounter, SimulatedNetwork } from './network/simulated-network.ts'
export type { SimulatedStream, StreamCloseReason, StreamHandlers } from './network/stream.ts'
export { type DtmfHabits, GOOD_HABITS } from './phone/dtmf-habits.ts'
export type { HeardDigit, HeardSpeech } from './phone/ears.ts'
export { ExpectationError } from './phone/expectation-error.ts'
export type { Hearing } from './phone/hearing.ts'
export type {
  Phone,
  PhoneCallEnd,
  PhoneOptions,
  PhoneState,
  Sayable,
  UntilOptions,
  WithinOptions,
} from './phone/phone.ts'
export {
  type AnsweringOptions,
  type Menu,
  type PersonOptions,
  type PhoneKind,
  phones,
  type ScreeningOptions,
  type VoicemailOptions,
} from './phone/phones.ts'
export type { HeardTone } from './phone/tone-ear.ts'
export { namedRandom, seedOfEnvironment } from './seed.ts'
export { SimulatedExchange, type SimulatedExchangeOptions } from './simulated-exchange.ts'
export { Simulation, type SimulationOptions, simulate } from './simulation.ts'
export { type AudioSdpOptions, audioSdp } from './sip/audio-sdp.ts'
export type { MessageOptions, PeerCall, ResponseOptions } from './sip/peer-call.ts'
export type { ExpectOptions } from './sip/peer-inbox.ts'
export { type InviteOptions, SipPeer, type SipPeerOptions } from './sip/sip-peer.ts'
export { SipTransport, type SipTransportHandlers, type SipTransportOptions } from './sip/sip-transport.ts'
export { exchange, type PhonePlace, TestExchange, type TestExchangeOptions } from './test-exchange.ts'
export type { Truth, Utterance } from './truth/truth.ts'
export { explain, type WithSimulationOptions, withSimulation } from './with-simulation.ts'
