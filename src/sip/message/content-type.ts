import { err, ok, type Result } from '../../kit/index.ts'
import { type Params, parseParams, printParams } from './params.ts'
import { skipSpace, tokenEnd } from './scan.ts'

/** Content-Type, or one element of Accept (RFC 3261 section 20.15). */
export interface ContentType {
  /** Lower case, for example `application/sdp`. */
  readonly type: string
  readonly params: Params
}

export function parseContentType(text: string): Result<ContentType> {
  const at = skipSpace(text, 0)
  const typeEnd = tokenEnd(text, at)
  const slash = skipSpace(text, typeEnd)
  const subtypeAt = skipSpace(text, slash + 1)
  const subtypeEnd = tokenEnd(text, subtypeAt)
  if (typeEnd === at || text[slash] !== '/' || subtypeEnd === subtypeAt) return err('no media type')
  const params = parseParams(text, subtypeEnd)
  if (params === undefined) return err('media type with strange parameters')
  return ok({ type: `${text.slice(at, typeEnd)}/${text.slice(subtypeAt, subtypeEnd)}`.toLowerCase(), params })
}

export function printContentType(contentType: ContentType): string {
  return contentType.type + printParams(contentType.params)
}
