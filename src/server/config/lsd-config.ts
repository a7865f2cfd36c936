/** How it is found out who picks up outgoing calls: `call({ liveSpeakerDetect })`. */
export interface LsdConfig {
  /** Threads for it at most, 1 to 16; each is started when those before it are busy. Default 1. */
  readonly threads?: number
  /** Calls that are listened to at a time, 1 to 100,000; the far end of one more is UNKNOWN. Default 300 for each thread. */
  readonly maxDetections?: number
  /**
   * What is worse, 0..1: a machine that is taken for a person (1), or a person who is taken for a machine (0). Default 0.5,
   * which protects people well. A call may say another (`lsdSensitivity`).
   */
  readonly sensitivity?: number
  /** Keeps what was heard, for `ringdown lsd replay`: it is what people have said. Default: nothing is kept. */
  readonly evidence?: LsdEvidenceConfig
}

/** What is kept of the sound of which detection has made up its mind: a WAV file of each call, two minutes at most. */
export interface LsdEvidenceConfig {
  /** Default `lsd-evidence`. */
  readonly directory?: string
  /** For how long, 60,000 ms to 31 days. Default 86,400,000, a day. */
  readonly keepMs?: number
  /** How many files, 1 to 100,000; the oldest go first. Default 1,000. */
  readonly maxFiles?: number
}
