"""The histories of AWS's Developer Tools: CodePipeline, CodeBuild and CodeDeploy, as their APIs tell them."""
