"""What a form is: documents, elements, field types, rules, answers.

Pure: must never import Flask, touch a database, or ask for the time. Import from its modules.
"""
