export { algorithmNamed, type DigestAlgorithm, type DigestHash } from './algorithms.ts'
export { type ChallengeOutcome, DigestClient } from './client.ts'
export { type DigestInput, digestResponse, hashCredentials } from './digest.ts'
export { type DigestSecret, DigestServer, type DigestServerOptions, type DigestVerdict } from './server.ts'
