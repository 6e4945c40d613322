namespace EventGrains.Rules;

/// <summary>The JSON Schema (draft 2020-12) of one document of a rule file, for editors.</summary>
/// <remarks>
/// It knows the shape; <see cref="RuleFiles.Parse"/> knows more (names that must be declared, roots, captures) and has the last
/// word. What it accepts the schema accepts; a test holds this for the samples and the lists of words.
/// </remarks>
public static class RuleSchema
{
    /// <summary>Where the gateway serves it.</summary>
    public const string Path = "/schemas/rules/v1.json";

    public const string Json =
        """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "/schemas/rules/v1.json",
          "title": "A document of an EventGrains rule file",
          "oneOf": [
            { "$ref": "#/$defs/storageDocument" },
            { "$ref": "#/$defs/sourceDocument" },
            { "$ref": "#/$defs/datasetDocument" },
            { "$ref": "#/$defs/ruleDocument" }
          ],
          "$defs": {
            "apiVersion": { "enum": ["eventgrains/v1"] },
            "name": {
              "description": "1 to 63 of a-z, 0-9, '-' and '.', with a letter or digit first and last.",
              "type": "string",
              "pattern": "^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$"
            },
            "metadata": {
              "type": "object",
              "required": ["name"],
              "additionalProperties": false,
              "properties": { "name": { "$ref": "#/$defs/name" } }
            },
            "glob": {
              "description": "* and ? stay within one part of a path, ** crosses parts, {name} captures within one part. Relative to the storage's root.",
              "type": "string",
              "pattern": "^(/|\\*\\*)",
              "maxLength": 1024
            },
            "silos": {
              "description": "The names of the silos that see it, as --silo-name gives them. Without the key all silos do.",
              "type": "array",
              "minItems": 1,
              "uniqueItems": true,
              "items": { "type": "string", "minLength": 1 }
            },
            "size": {
              "description": "\">=1MiB\", \"<10GB\" or \"1MiB..1GiB\", both ends included.",
              "type": "string",
              "pattern": "^ *(>=|>|<=|<|=|[0-9]+ *([kKMGTP]i?)?B? *\\.\\.) *[0-9]+ *([kKMGTP]i?)?B? *$"
            },
            "duration": {
              "description": "Whole numbers with d, h, m, s and ms, the larger unit first: 30s, 1h30m.",
              "type": "string",
              "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
              "minLength": 2
            },
            "storageDocument": {
              "description": "Where files come from (role origin) or where copies are put (role replica).",
              "type": "object",
              "required": ["apiVersion", "kind", "metadata", "spec"],
              "additionalProperties": false,
              "properties": {
                "apiVersion": { "$ref": "#/$defs/apiVersion" },
                "kind": { "enum": ["Storage"] },
                "metadata": { "$ref": "#/$defs/metadata" },
                "spec": {
                  "type": "object",
                  "additionalProperties": false,
                  "properties": {
                    "root": { "description": "The directory that holds it, where it is one. Roots may not lie within each other.", "type": "string", "minLength": 1 },
                    "role": { "enum": ["origin", "replica"] },
                    "silos": { "$ref": "#/$defs/silos" }
                  }
                }
              }
            },
            "sourceDocument": {
              "description": "Where events come from.",
              "type": "object",
              "required": ["apiVersion", "kind", "metadata", "spec"],
              "additionalProperties": false,
              "properties": {
                "apiVersion": { "$ref": "#/$defs/apiVersion" },
                "kind": { "enum": ["Source"] },
                "metadata": { "$ref": "#/$defs/metadata" },
                "spec": {
                  "oneOf": [
                    {
                      "type": "object",
                      "required": ["type", "format", "storage"],
                      "additionalProperties": false,
                      "properties": {
                        "type": { "enum": ["http"] },
                        "format": { "enum": ["dcache", "s3", "cloudevents"] },
                        "storage": { "$ref": "#/$defs/name" }
                      }
                    },
                    {
                      "type": "object",
                      "required": ["type", "format", "storage", "files"],
                      "additionalProperties": false,
                      "properties": {
                        "type": { "enum": ["log"] },
                        "format": { "enum": ["dcache", "s3", "cloudevents"] },
                        "storage": { "$ref": "#/$defs/name" },
                        "files": { "description": "A glob of the files to follow.", "type": "string", "minLength": 1 },
                        "silos": { "$ref": "#/$defs/silos" }
                      }
                    },
                    {
                      "type": "object",
                      "required": ["type", "storage"],
                      "additionalProperties": false,
                      "properties": {
                        "type": { "enum": ["directory"] },
                        "format": { "enum": ["directory"] },
                        "storage": { "$ref": "#/$defs/name" },
                        "silos": { "$ref": "#/$defs/silos" }
                      }
                    }
                  ]
                }
              }
            },
            "datasetDocument": {
              "description": "Files that belong together by their path. The name is a template of the path's captures, such as run-{run}.",
              "type": "object",
              "required": ["apiVersion", "kind", "metadata", "spec"],
              "additionalProperties": false,
              "properties": {
                "apiVersion": { "$ref": "#/$defs/apiVersion" },
                "kind": { "enum": ["Dataset"] },
                "metadata": {
                  "type": "object",
                  "required": ["name"],
                  "additionalProperties": false,
                  "properties": { "name": { "type": "string", "minLength": 1 } }
                },
                "spec": {
                  "type": "object",
                  "required": ["path"],
                  "additionalProperties": false,
                  "properties": {
                    "path": { "$ref": "#/$defs/glob" },
                    "storage": { "$ref": "#/$defs/name" }
                  }
                }
              }
            },
            "ruleDocument": {
              "description": "What follows when something holds of a file.",
              "type": "object",
              "required": ["apiVersion", "kind", "metadata", "spec"],
              "additionalProperties": false,
              "properties": {
                "apiVersion": { "$ref": "#/$defs/apiVersion" },
                "kind": { "enum": ["Rule"] },
                "metadata": { "$ref": "#/$defs/metadata" },
                "spec": {
                  "type": "object",
                  "required": ["when", "do"],
                  "additionalProperties": false,
                  "properties": {
                    "when": { "$ref": "#/$defs/when" },
                    "do": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/step" } },
                    "filesPerHourMax": { "description": "At this many firings within an hour further steps wait. Default 100000.", "type": "integer", "minimum": 1, "maximum": 2147483647 }
                  }
                }
              }
            },
            "when": {
              "description": "All that is given must hold of the file.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "kind": { "enum": ["located", "uploading", "stored", "flushed", "staged", "evicted", "replicated", "processed", "deleted", "lost", "replicaCorrupt"] },
                "storage": { "$ref": "#/$defs/name" },
                "path": { "$ref": "#/$defs/glob" },
                "dataset": { "description": "A glob over the names of datasets.", "type": "string", "minLength": 1, "maxLength": 1024 },
                "size": { "$ref": "#/$defs/size" }
              }
            },
            "step": {
              "description": "One action: replicate, run, or your own.",
              "type": "object",
              "minProperties": 1,
              "maxProperties": 1,
              "additionalProperties": false,
              "properties": {
                "replicate": {
                  "type": "object",
                  "required": ["to"],
                  "additionalProperties": false,
                  "properties": {
                    "to": { "$ref": "#/$defs/name" },
                    "path": { "description": "{path}, {id}, {size}, {storage} and the captures of when.path are replaced. Default {path}.", "type": "string", "pattern": "^(/|\\{path\\})" }
                  }
                },
                "run": {
                  "type": "object",
                  "required": ["command"],
                  "additionalProperties": false,
                  "properties": {
                    "command": {
                      "description": "The program and its arguments, never a shell's line. {file}, {path}, {id}, {size}, {storage}, {replica.STORAGE.path} and {replica.STORAGE.file} are replaced.",
                      "type": "array",
                      "minItems": 1,
                      "items": { "type": "string", "minLength": 1 }
                    },
                    "timeout": { "$ref": "#/$defs/duration" },
                    "successExitCodes": { "type": "array", "minItems": 1, "items": { "type": "integer", "minimum": 0, "maximum": 255 } }
                  }
                }
              },
              "patternProperties": {
                "^(?!(replicate|run)$)[a-z][a-z0-9-]{0,62}$": { "type": ["object", "null"] }
              }
            }
          }
        }
        """;
}
