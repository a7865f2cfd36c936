import { readdirSync } from 'node:fs'

/**
 * The names of what stands in the folder of an operator's model.
 * @throws Error when it cannot be read
 */
export function namesInModel(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    throw new Error(`the folder of the model cannot be read: ${(error as Error).message}`)
  }
}
