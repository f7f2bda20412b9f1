"""All scenes."""

import scenes_conditions
import scenes_facts
import scenes_failures
import scenes_order
import scenes_outputs

MODULES = [scenes_facts, scenes_order, scenes_failures, scenes_outputs, scenes_conditions]
SCENES = [scene for module in MODULES for scene in module.SCENES]
