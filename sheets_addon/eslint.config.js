const googleappsscript = require('eslint-plugin-googleappsscript');

/** What Sheets calls; nothing in the script does. */
const ENTRY_POINTS = '^(onOpen|connect|refresh|showStatus)$';

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
    files: ['eslint.config.js', 'test/**/*.js'],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: 'commonjs',
      globals: { __dirname: 'readonly', process: 'readonly' },
    },
    rules: { ...RULES, 'no-unused-vars': 'error' },
  },
];
