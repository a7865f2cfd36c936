export type { RequestOutcome } from './outcome.ts'
export {
  Reachability,
  type ReachabilityInput,
  type ReachabilityOptions,
  type ReachabilityOutput,
  type ReachabilityState,
} from './reachability.ts'
export {
  Registration,
  type RegistrationInput,
  type RegistrationOptions,
  type RegistrationOutput,
  type RegistrationState,
} from './registration.ts'
