import type { EndpointEvent } from '../endpoint/control.ts'

/** What became of a request outside of dialogs, as the endpoint tells it. */
export type RequestOutcome = Pick<
  Extract<EndpointEvent, { type: 'outsideDone' }>,
  'cause' | 'request' | 'response' | 'answeredBy' | 'detail'
>
