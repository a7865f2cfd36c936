import { z } from 'zod'
import { app, list, object, text } from './schema-parts.ts'

const host = text("must be a host, '*.' and a domain, or '*' for any", (value) =>
  /^(\*|(\*\.)?[\w[\]:.-]+)$/.test(value),
)
const number = text(
  "must be a number such as '+441632960001', or a prefix of numbers such as '+44*'",
  (value) => value !== '' && /^\+?[0-9*#]{0,15}\*?$/.test(value),
)

/** The shape of `transfers`. */
export const transfersSchema = object({
  from: z.enum(['nobody', 'known', 'everybody'], "must be 'nobody', 'known' or 'everybody'").optional(),
  hosts: list(host, 'hosts that may be called').optional(),
  numbers: list(number, 'numbers that may be called').optional(),
  outside: object({
    from: z.enum(['known', 'everybody'], "must be 'known' or 'everybody'").optional(),
    app,
  }).optional(),
})
