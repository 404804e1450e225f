import tseslint from 'typescript-eslint'
import { importX } from 'eslint-plugin-import-x'

// Short on purpose: promises that nobody awaits, switches that miss a case, unused things, import
// cycles. The formatter decides the rest. Who may import whom is test/architecture.test.ts.
export default tseslint.config(
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      'import-x/no-default-export': 'error',
      'no-restricted-globals': ['error', 'event', 'name'],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['**/vitest.config.ts'], rules: { 'import-x/no-default-export': 'off' } },
)
