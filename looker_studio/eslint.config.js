const googleappsscript = require('eslint-plugin-googleappsscript');

/** What Looker Studio calls; nothing in the script does. */
const ENTRY_POINTS =
  '^(getAuthType|setCredentials|isAuthValid|resetAuth|isAdminUser|getConfig|getSchema|getData)$';

const RULES = {
  'no-undef': 'error',
  'no-unused-vars': ['error', { varsIgnorePattern: ENTRY_POINTS }],
  'no-redeclare': ['error', { builtinGlobals: false }],
  'prefer-const': 'error',
  'no-var': 'error',
  eqeqeq: 'error',
  curly: 'error',
};

module.exports = [
  { ignores: ['build/'] },
  {
    files: ['Code.js'],
    languageOptions: {
      ecmaVersion: 2020,
      sourceType: 'script',
      globals: googleappsscript.environments.googleappsscript.globals,
    },
    rules: RULES,
  },
  {
    files: ['eslint.config.js', 'harness/**/*.js', 'test/**/*.js'],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: 'commonjs',
      globals: {
        Atomics: 'readonly',
        Buffer: 'readonly',
        SharedArrayBuffer: 'readonly',
        __dirname: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        process: 'readonly',
      },
    },
    rules: { ...RULES, 'no-unused-vars': 'error' },
  },
];
