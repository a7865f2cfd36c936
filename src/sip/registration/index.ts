export { type Binding, byPreference } from './binding.ts'
export type { RequestOutcome } from './outcome.ts'
export {
  Reachability,
  type ReachabilityInput,
  type ReachabilityOptions,
  type ReachabilityOutput,
  type ReachabilityState,
} from './reachability.ts'
export {
  Registrar,
  type RegistrarCounter,
  type RegistrarInput,
  type RegistrarOptions,
  type RegistrarOutput,
  type UnboundReason,
} from './registrar.ts'
export {
  Registration,
  type RegistrationInput,
  type RegistrationOptions,
  type RegistrationOutput,
  type RegistrationState,
} from './registration.ts'
