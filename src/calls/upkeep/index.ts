export type { LocalUsersOptions, PhoneChange, RegisteredPhone } from './local-users.ts'
export type {
  ReachabilityStatus,
  RegistrationStatus,
  TrunkKeepAlive,
  TrunkRegistration,
  TrunkStatus,
} from './trunk-status.ts'
export { type KeptTrunk, type TrunkCounter, TrunkUpkeep } from './trunk-upkeep.ts'
