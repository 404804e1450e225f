import { defineConfig } from 'vitest/config'
import { PlainLineReporter } from './plain-line-reporter.js'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    reporters: ['default', new PlainLineReporter()],
    // Tests speak UTC and never depend on the machine's locale.
    env: { TZ: 'UTC', LC_ALL: 'C' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
