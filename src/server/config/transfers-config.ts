import type { AppDefinition, TransferPolicy } from '../../calls/index.ts'

/** Which far ends may transfer calls by REFER or put themselves in the place of one, and where to. */
export interface TransfersConfig extends TransferPolicy {
  /** What is done about REFERs outside of any call, by which somebody asks us to call somebody. Default: they are refused (403). */
  readonly outside?: {
    /** Whose are heard: `known`, users by their password and trusted trunks; or `everybody`. Default `known`. */
    readonly from?: 'known' | 'everybody'
    /** The outbound application that decides on each, by `app.refer`: itself, or its file (`./apps/x.ts#name`). */
    readonly app: string | AppDefinition
  }
}
