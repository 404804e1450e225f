// Removes what an earlier build left, so that a file that is gone from src/ is gone from dist/ too.
import { rmSync } from 'node:fs'

rmSync(new URL('../../dist/', import.meta.url), { recursive: true, force: true })
